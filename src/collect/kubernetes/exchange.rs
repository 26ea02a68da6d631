//! What an exchange with an API server means that brought no answer.

use std::io;

use hyper_util::client::legacy;

use super::body::{causes, innermost};
use super::connector::CarriedByHyper;
use crate::collect::io::{net, tls};
use crate::model::{Failure, FailureKind};

/// What an exchange that brought no answer means.
pub(super) fn exchange_failure(error: &legacy::Error, shown: &str) -> Failure {
    let mut carried = causes(error).filter_map(|e| e.downcast_ref::<CarriedByHyper>());
    let carried = carried.next().map(|CarriedByHyper(failure)| failure);
    let cause = |error: &(dyn std::error::Error + 'static)| {
        if let Some(io) = error.downcast_ref::<io::Error>().map(innermost) {
            let is_tls = io.get_ref().is_some_and(|e| e.is::<rustls::Error>());
            return Some(if is_tls {
                of_kubeconfig(tls::handshake_failure(io))
            } else {
                net::exchange_failure(io, shown)
            });
        }
        let hyper = error.downcast_ref::<hyper::Error>()?;
        if hyper.is_parse() {
            let failure =
                Failure::new(FailureKind::Protocol, format!("the answer of {shown} is not HTTP"));
            return Some(failure.with_advice(
                "check the cluster's server in the kubeconfig, and whether it is https://",
            ));
        }
        let ended = hyper.is_incomplete_message() || hyper.is_closed() || hyper.is_canceled();
        ended.then(|| {
            Failure::new(
                FailureKind::Cut,
                format!("{shown} closed the connection without an answer"),
            )
        })
    };
    // The words of the tunnel's own errors: its type cannot be named.
    let tunnel =
        causes(error).map(ToString::to_string).find(|text| text.starts_with("tunnel error: "));
    if let Some(text) = tunnel {
        let what = text.trim_start_matches("tunnel error: ");
        let what = carried.map_or(what, |failure| failure.message.as_str());
        return Failure::new(
            FailureKind::Unreachable,
            format!("the proxy does not lead to {shown}: {what}"),
        )
        .with_advice("check the proxy, and the user name and password that it may want");
    }
    if let Some(failure) = carried {
        return of_kubeconfig(failure.clone());
    }
    causes(error).find_map(cause).unwrap_or_else(|| {
        Failure::new(FailureKind::Unreachable, format!("no connection to {shown}")).with_advice(
            "check the cluster's server in the kubeconfig, and the proxy if there is one",
        )
    })
}

/// A certificate is named in the kubeconfig, not in the profile.
fn of_kubeconfig(failure: Failure) -> Failure {
    let advice =
        failure.advice.replace("tls.ca in the profile", "certificate-authority in the kubeconfig");
    let advice =
        advice.replace("tls.server-name in the profile", "tls-server-name in the kubeconfig");
    let advice = advice.replace(
        "tls.cert and tls.key in the profile",
        "client-certificate and client-key in the kubeconfig",
    );
    Failure { advice, ..failure }
}
