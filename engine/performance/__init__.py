"""What a backtest was worth: figures of an equity column and of trades. Pure, stdlib alone."""
