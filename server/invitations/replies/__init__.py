"""What invited people answer: they take part, are absent with a reason, or propose somebody in their stead. A log that
only grows; how somebody stands is what the newest line says."""
