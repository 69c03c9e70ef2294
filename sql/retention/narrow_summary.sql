SELECT footfall.narrow_summary()
