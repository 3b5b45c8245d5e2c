"""What is shipped for the first day: rules, phrase lists, their example mails, and the settings that `postroom init` writes."""
