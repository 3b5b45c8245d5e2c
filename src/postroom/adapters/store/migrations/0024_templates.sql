-- How often each template was used lately, without reading the answers.
CREATE INDEX replies_template ON replies (at, template, state, mail) WHERE template <> '';
