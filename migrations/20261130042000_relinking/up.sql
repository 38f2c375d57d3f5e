-- A request that was settled and made again has another generation: who took the one before does not settle it.
create sequence relink_generations as bigint;
