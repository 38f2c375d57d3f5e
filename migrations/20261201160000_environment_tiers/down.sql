drop table tier_requests;
drop table environment_tiers;
