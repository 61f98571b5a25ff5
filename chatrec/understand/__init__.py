"""What did the person say? Message → changes (`read`), changes → ledger (`ledger`), ledger → chips (`chips`).

How a message is read, from the surest to the least sure:

1. `text`: tokens, case-folded, without accents, Chinese characters simplified; `typos`: slips in genre and mood words.
2. `marking`, which runs what 2 to 5 name. `references`: "the second one", "the 2011 version"; `compared_names`: both sides of a
   comparison; `sure_names`: names whose words can be nothing else, quoted, dated.
3. `people_present`, `lengths`, `years`, `counts`: numbers with the comparison around them (`compare`).
4. `lexicon` and `words`: the longest phrases of `lexicon.toml` and of the catalog's own genres, moods, tags and themes.
5. `framed_names`: names that a frame asks for, and those that the catalog lacks. `requested_names` ("play …"), `object_names`
   ("loved …"), `subject_names` ("… was great"), `bare_names` (nothing else is said); then `family_names`, `unknown_names`.
6. `cues`: what is no cue here; `scopes`: what is ruled out (`negation`), wished for softly, released, liked, seen, up to where a
   request begins (`fresh_requests`); `verdicts`: the same by cues that come after; `contrasts`: what others are only set against.
7. `inquiries` (`questions`, `comparative_questions`, `talk`, `off_topic`): what is only asked or told changes nothing.
   Else `commands`, `kinds`, `media`, `measures`, `topics`, `contents`, `critiques`, `origins`, `same_makers`, `opinions`, `free`,
   `occasions`: the marks become changes, which `checks` may take for a question; `intent`: what the message wants to happen.

What was decided where words leave it open:

- A mood stated as the request's own property ("cosy games", "a sad film") is hard where the catalog has moods (at most two per
  message); behind "maybe", "a bit of", "ideally" … everything is soft: a wish, or a constraint with `hard=False`.
- Themes ("about time travel") are wishes, several words of one topic ("killer robots", "the Apollo missions") one wish; a
  forbidden theme ("no zombies") is a hard exclusion, and so is a name in several titles ("no Mario", "not Final Fantasy").
  Ways to play, and the few other tags that the lexicon lists, are hard. A forbidden part of a genre ("no slashers") leaves the
  genre in.
- "Nothing scary" and "no horror" exclude the mood *and* the genre that always carries it, unless that genre was asked for.
- A nationality means the original language where one language goes with it, the country of origin otherwise; "from Japan"
  means the country. A new nation replaces the nation, a language ("in French") only the language. "No subtitles" means spoken
  in the language of the message, or without words.
- "Before", "after", "older than", "under", "shorter than" are strict; 以内/以下/以后/以来 include the number, and so does "under"
  of an episode, whose length is a typical one.
- A genre that no work of the form asked for carries gives way to its next of kin there (`crime` podcasts are `true crime`).
- A length without comparison asks for 70–125% of it; from five hours on, and for games, for at least half.
- "Kids" without an age are 6, toddlers 3, teenagers 13; of several ages the youngest counts. Up to ten, family works are wished
  for unless a genre was asked for.
- How the person feels ("I'm so tired", 心情不好) asks for the moods of `feelings` in the lexicon where nothing else is asked for.
- Makers that are pointed to ("by that director", 他的其他作品) are those of the work last spoken of; what else was asked for
  gives way.
- A further part that the catalog lacks ("Portal 3") is missing, and those it has stand in for it as works that were named.
- A decade beside "modern" ("80s synth pop, but modern") is a manner, no time.
- "Short"/"long" are the lower/upper third of the catalog's lengths for that medium, "recent" the five newest years, "old" what
  is thirty years older than the newest; all soft. "The shortest", "the newest" (最短的) bring what lies furthest first, but of a
  series, of which only the length of an episode is known; one order at a time, and the same comparative after it ("shorter")
  asks for the next ones. A critique ("shorter", "older", "less mainstream") compares with the median of the last answer, or with
  a title in the message, and is hard.
- A comparative of a mood or genre ("cosier", "more romantic", "too weird", 更温馨) is a wish, ends demands for contrary moods,
  and is a critique once something was shown. "Not as dark as" is less of it, no exclusion.
- What something is for ("late at night", "a long drive") is a wish in those words, with a mood where the lexicon suggests one
  and the message names none. Words behind a noun, and parts of a message that nothing else understood, are wishes too.
- Studios, labels and publishers are among the people of a work. A name that only the catalog tells of needs a capital
  ("Bones"); a company of the lexicon stands for all its names ("Disney"), and is said to be missing where there is none.
- "Something else", "none of these" and a mere "no" pass over what was shown: it stays away until the topic changes, and there
  is nothing in them for "forget that" to take back; that takes back what was said before, and the answer says which.
- The time of a console ("PS2 era") is its years. "No kids stuff" rules out the family genre and lifts the age.
- What only some catalogs record (who reads, how many seasons) is demanded where a tag tells it, else said to be unknown.
- "Seen it" after an answer speaks of the work last spoken of, else of the first shown; "seen them" of all.
- Other media without content of their own ("what about games?") keep what still makes sense; with it ("now a history podcast")
  they are a new topic.
- An unqualified title that fits several works of the medium spoken of is taken as the best known one; the ambiguity stays open
  in the ledger until one of its works is spoken of again. Works of another medium count only if they are as well known; "the
  book" or "the soundtrack" afterwards changes over to them.
- "It" and "the two" are what was spoken of since the last picks, else the first of those; "which is older?" weighs the two that
  were just compared, "which is the oldest?" the whole last answer.
- "Seen the first one", "swap the second one" and "not tonight, but save it" replace only those picks; "save it" replaces none.
  What is saved is not recommended again.
- A question of yes or no about one work is a request read as conditions on it; what no field tells is not known. A question or
  a task in which nothing speaks of works is off topic.
- Whoever asks about a title ("is Alien any good?") has not said that they like it.
"""
