"""The scan: chain, families, gates, ranking, proof; one symbol or many."""
