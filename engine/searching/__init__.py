"""The search for parameters: what to try, who runs it, what it found and what that is worth."""
