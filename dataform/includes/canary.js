// The rows by which a deployment proves itself: they go the whole way into silver, and nobody downstream sees them.

/** A WHERE term that leaves canaries out, by the id that marks them. */
const excluded = (column) => `NOT STARTS_WITH(${column}, 'canary-')`;

module.exports = { excluded };
