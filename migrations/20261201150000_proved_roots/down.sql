drop table proved_roots;
