//! `keys`: no key but the right one is let in, however like it looks, and a revoked one no longer, on every instance.

use crate::client::{Answer, Caller};
use crate::load::deployment;
use crate::report::{Report, span};
use crate::service::{Service, command};
use crate::world::{Run, Tenant, World};
use crate::{database, ledger};
use anyhow::{Context, ensure};
use periscope_adapters::system::system_random;
use periscope_domain::api_key::ApiKeySecret;
use rand::RngExt;
use rand::rngs::StdRng;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

const GUESSERS: u64 = 16;
const REVOKED: Duration = Duration::from_secs(10);
const UNAUTHORIZED: &str = r#"{"error":"Invalid or missing API key"}"#;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;

#[derive(Default)]
struct Guesses {
    refused: u64,
    accepted: usize,
    /// Answers that are neither.
    others: usize,
}

pub(crate) async fn run(run: &Run) -> anyhow::Result<Report> {
    let mut report = Report::new("keys");
    let count = run.pick(5_000, 100_000, 5_000_000);
    report.sized(format!("{count} wrong keys, one key revoked; two services"));
    let world = World::start(run, 2).await?;
    let (one, other) = (
        run.service(&world.database.url)?,
        run.service(&world.database.url)?,
    );
    let services = [Service::start(&one).await?, Service::start(&other).await?];
    let [revoked, real] = &*world.tenants else {
        anyhow::bail!("two organizations were asked for");
    };
    let addresses = [one.address, other.address];
    let mut guessers = JoinSet::new();
    for number in 0..GUESSERS {
        let address = addresses
            .get(usize::try_from(number)? % 2)
            .copied()
            .context("no address")?;
        guessers.spawn(guess(
            address,
            real.key.clone(),
            count / GUESSERS,
            run.sabotage && number == 0,
        ));
    }
    let took = revoke(run, &world, revoked, addresses).await?;
    let mut all = Guesses::default();
    for share in guessers.join_all().await {
        let share = share?;
        all.refused += share.refused;
        all.accepted += share.accepted;
        all.others += share.others;
    }
    report.equal(
        "wrong keys refused with 401",
        count / GUESSERS * GUESSERS,
        all.refused,
    );
    report.none("accepted", all.accepted);
    report.none("answered otherwise", all.others);
    report.within("a revoked key last accepted after", REVOKED, took);
    let stored = ledger::Stored::read(&world.database, &world.database.url).await?;
    report.none("deployments recorded under a wrong key", stored.beyond(GUESSED));
    let kept = database::output(world.database.program("pg_dump")?.arg(&world.database.url)).await?;
    let body = |tenant: &Tenant| tenant.key.trim_start_matches("psk_live_").to_owned();
    let found = world
        .tenants
        .iter()
        .filter(|tenant| kept.contains(&body(tenant)))
        .count();
    report.none("keys that a dump of the database contains", found);
    drop(services);
    world.database.stop().await;
    Ok(report)
}

/// Of whoever is let in with a wrong key, the deployments have numbers from here on.
const GUESSED: u64 = 1 << 40;

/// Sends so many wrong keys; says how many were refused.
async fn guess(address: SocketAddr, real: String, count: u64, cheats: bool) -> anyhow::Result<Guesses> {
    let mut random: StdRng = rand::make_rng();
    let mut caller = Caller::new(address);
    let mut guesses = Guesses::default();
    for number in 0..count {
        let key = if cheats && number == 0 {
            real.clone()
        } else {
            wrong_key(&real, &mut random)
        };
        let answer = caller.call(&deployment(&key, GUESSED + number)).await?;
        if answer.is_success() {
            guesses.accepted += 1;
        } else if is_refusal(&answer) {
            guesses.refused += 1;
        } else {
            guesses.others += 1;
        }
    }
    Ok(guesses)
}

fn is_refusal(answer: &Answer) -> bool {
    answer.status == 401 && answer.body == UNAUTHORIZED.as_bytes()
}

/// Something that looks like a key, or like the real one, and is not.
fn wrong_key(real: &str, random: &mut StdRng) -> String {
    let letter = |random: &mut StdRng| {
        let index = random.random_range(0..BASE62.len());
        BASE62.get(index).copied().map_or('0', char::from)
    };
    let key = match random.random_range(0..8) {
        // Right in every way but that nobody has it: the database has to be asked.
        0 => return ApiKeySecret::generate(&mut system_random()).expose().to_owned(),
        1 => format!("psk_live_{}", (0..36).map(|_| letter(random)).collect::<String>()),
        2 => (0..random.random_range(1..60)).map(|_| letter(random)).collect(),
        // One letter of the real one is another.
        3 => replaced(real, random.random_range(0..real.len()), letter(random)),
        // Its random part, and a checksum that is guessed.
        4 => {
            let checksum: String = (0..6).map(|_| letter(random)).collect();
            format!(
                "{}{checksum}",
                real.chars().take("psk_live_".len() + RANDOM).collect::<String>()
            )
        }
        5 => real.chars().take(random.random_range(0..real.len())).collect(),
        6 => format!("{real}{}", letter(random)),
        _ => match random.random_range(0..3) {
            0 => real.to_uppercase(),
            1 => real.chars().rev().collect(),
            _ => real.replace("live", "test"),
        },
    };
    // By chance it may be the real one after all.
    if key == real { String::new() } else { key }
}

fn replaced(text: &str, at: usize, by: char) -> String {
    let letters = text.chars().enumerate();
    letters
        .map(|(index, letter)| if index == at { by } else { letter })
        .collect()
}

/// Uses a key at both services, revokes it, and says when it was last accepted after that.
async fn revoke(
    run: &Run,
    world: &World,
    tenant: &Tenant,
    addresses: [SocketAddr; 2],
) -> anyhow::Result<Duration> {
    let mut callers = addresses.map(Caller::new);
    let mut number = 0;
    for caller in &mut callers {
        number += 1;
        let answer = caller.call(&deployment(&tenant.key, number)).await?;
        ensure!(answer.is_success(), "the key does not work: {}", answer.status);
    }
    if !run.sabotage {
        let id = tenant.key_id.to_string();
        let mut revoke = command(&run.program, &world.database.url);
        database::output(revoke.args(["key", "revoke", "--org", &tenant.slug, &id])).await?;
    }
    let begun = Instant::now();
    let mut last = Duration::ZERO;
    while begun.elapsed() < REVOKED + Duration::from_secs(2) {
        for caller in &mut callers {
            number += 1;
            let sent = begun.elapsed();
            let answer = caller.call(&deployment(&tenant.key, number)).await?;
            if answer.is_success() {
                last = sent;
            } else {
                ensure!(
                    is_refusal(&answer),
                    "a revoked key is answered with {}",
                    answer.status
                );
            }
        }
        sleep(Duration::from_millis(50)).await;
    }
    eprintln!("  last accepted {} after it was revoked", span(last));
    Ok(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_never_the_right_one() {
        let mut random: StdRng = rand::make_rng();
        let real = ApiKeySecret::generate(&mut random).expose().to_owned();
        let keys: Vec<_> = (0..10_000).map(|_| wrong_key(&real, &mut random)).collect();
        assert!(!keys.contains(&real));
        let sound = keys.iter().filter(|key| ApiKeySecret::parse(key).is_ok());
        assert!(sound.count() > 500, "some have the right checksum");
        assert!(keys.iter().all(|key| !key.contains(['\r', '\n'])));
    }
}
