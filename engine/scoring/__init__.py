"""Gates, score, proof: from candidates to opportunities."""
