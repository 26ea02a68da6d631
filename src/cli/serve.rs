//! `envparity serve`

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, signal};

use super::args::ServeArguments;
use super::audit::facts;
use super::exit::Exit;
use super::past::HistoryPlace;
use super::secret::look_up_secret;
use super::{CommandError, clock, notify, output, problems, runtime};
use crate::daemon::ServeSetup;
use crate::daemon::config::{SampleConfig, ServeConfig};
use crate::daemon::serve::{ServeError, serve};
use crate::model::{BucketLength, Secret};
use crate::notify::DeliveryTimes;
use crate::profile::Profiles;
use crate::report::escape::terminal;

/// It is looked as often whether something is due.
const TICK: Duration = Duration::from_secs(1);

pub(super) async fn run(arguments: ServeArguments) -> Result<Exit, CommandError> {
    let profiles = problems::load(&arguments.profiles.profiles)?;
    let config = profiles.serve.clone().unwrap_or_default();
    let place = HistoryPlace::of_or_default(&arguments.history, Some(&profiles))?;
    let address = listen_address(arguments.listen.as_deref(), &config)?;
    let token = token(&config, &profiles)?;
    if !address.ip().is_loopback() && token.is_none() {
        return Err(CommandError(anyhow!(
            "other machines reach {address}, and no token is asked for\n  help: add serve: {{token: \
             \"${{env:SERVE_TOKEN}}\"}} to audit.yaml, or listen on 127.0.0.1"
        )));
    }
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("{address} cannot be listened on"))?;
    let listening = listener.local_addr()?;
    let every = profiles.sample.as_ref().map_or(SampleConfig::EVERY, SampleConfig::every);
    let setup = ServeSetup {
        history: place.access(),
        facts: facts(&profiles.folder),
        profiles,
        token,
        clock: clock(),
        sleep: Box::new(notify::sleep),
        tick: TICK,
        every,
        length: BucketLength::DEFAULT,
        delivery: DeliveryTimes::DEFAULT,
        warn: Box::new(|text| output::print_error_line(&terminal(text))),
    };
    let mut signals = Signals::new()?;
    output::print_error_line(&format!("serving http://{listening}/"));
    let (told, end) = tokio::sync::oneshot::channel::<()>();
    let serving = serve(setup, listener, async {
        // Whoever could tell is gone: that is an end too.
        let _ = end.await;
    });
    tokio::pin!(serving);
    let done = tokio::select! {
        done = &mut serving => done,
        () = signals.next() => {
            let _ = told.send(());
            tokio::select! {
                done = &mut serving => done,
                () = signals.next() => return Ok(Exit::Interrupted),
            }
        }
    };
    match done {
        Ok(()) => Ok(Exit::Done),
        Err(ServeError::History(error)) => Err(CommandError(place.failed(&error))),
        Err(error) => Err(CommandError(anyhow!("{place}: {error}"))),
    }
}

/// What is named by the flag, else by the profiles.
fn listen_address(flag: Option<&str>, config: &ServeConfig) -> anyhow::Result<SocketAddr> {
    let own = config.listen.as_ref().map(|listen| listen.as_str());
    let text = flag.or(own).unwrap_or(ServeConfig::LISTEN);
    let shown = || format!("{}: not an address and a port, as 127.0.0.1:9464", terminal(text));
    text.parse().with_context(shown)
}

fn token(config: &ServeConfig, profiles: &Profiles) -> anyhow::Result<Option<Secret>> {
    let Some(reference) = &config.token else { return Ok(None) };
    let reference = reference.relative_to(&profiles.folder);
    let secret = look_up_secret(&reference);
    let secret = secret.map_err(|why| anyhow!("the token of serve: {}", terminal(&why)))?;
    if secret.expose().trim().is_empty() {
        bail!("the token of serve: is empty: anybody could show it");
    }
    Ok(Some(secret))
}

/// The signals that end programs.
struct Signals(Vec<Signal>);

impl Signals {
    fn new() -> std::io::Result<Self> {
        runtime::ending().into_iter().map(signal).collect::<Result<_, _>>().map(Self)
    }

    async fn next(&mut self) {
        let heard = self.0.iter_mut().map(|signal| Box::pin(signal.recv()));
        let _ = futures::future::select_all(heard).await;
    }
}
