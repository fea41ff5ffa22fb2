/** Loaded before a child's own program: the child ends when its parent does, however that ends. */
process.on('disconnect', () => process.exit(1));
