"""Does the application answer as it should, seen from outside?"""
