drop table placement_requests;
drop table environment_tiers;
