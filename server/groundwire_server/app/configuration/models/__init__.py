"""The shape of a configuration: its sections, with what each value means, its unit and its bounds."""
