"""Result files as values, and the tables and plots of the performance pages made from them."""
