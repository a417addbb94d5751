"""What the models and embedders of one provider have in common."""
