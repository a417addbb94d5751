"""What the models, embedders and checkers of one provider have in common."""
