"""The version, alone in its file so that the build can read it without importing the sampler."""

VERSION = "0.1.0"
