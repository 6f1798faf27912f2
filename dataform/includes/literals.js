// Values as SQL writes them.

/** A text in quotes. */
const text = (value) => `'${value.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}'`;

module.exports = { text };
