drop sequence relink_generations;
