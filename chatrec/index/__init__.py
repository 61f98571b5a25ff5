"""The index: vectors in Chroma, BM25 beside it, both built from one catalog and swapped in whole."""
