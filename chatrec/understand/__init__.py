"""What did the person say? Message → changes (`read`), changes → ledger (`ledger`), ledger → chips (`chips`)."""
