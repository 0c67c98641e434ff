//! The PROXY protocol, versions 1 and 2: a balancer says in front of a connection whose it is. Spoken to balancers that
//! the settings name, and to nobody else: from them it is wanted, from others it is a broken command.
//!
//! The header is read to its last octet and no further, since what follows may be a TLS handshake, or nothing yet.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::{AsyncRead, AsyncReadExt};

/// How a header of version 2 begins.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, with its CRLF.
const LONGEST_LINE: usize = 107;
/// The longest rest of a header of version 2: addresses and the notes behind them, which are not read.
const LONGEST_REST: usize = 4096;

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A client's with this address.
    Client(IpAddr),
    /// The balancer's own, to see whether somebody is there.
    Balancer,
    /// A client's of which the balancer does not tell the address.
    Unknown,
}

/// Reads the header.
///
/// # Errors
/// When there is none, or it is damaged; nothing sensible can follow then.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Origin> {
    let mut start = [0; SIGNATURE.len()];
    stream.read_exact(&mut start).await?;
    if start == SIGNATURE {
        return version_2(stream).await;
    }
    // The shortest line of version 1 is longer than the start.
    let mut line = start.to_vec();
    if !line.starts_with(b"PROXY ") {
        return Err(wrong("a balancer sent no PROXY header"));
    }
    while !line.ends_with(b"\r\n") {
        if line.len() >= LONGEST_LINE {
            return Err(wrong("a balancer sent a PROXY line that does not end"));
        }
        line.push(stream.read_u8().await?);
    }
    version_1(&line).ok_or_else(|| wrong("a balancer sent a PROXY line that cannot be read"))
}

/// `PROXY TCP4 192.0.2.1 198.51.100.2 56324 25`.
fn version_1(line: &[u8]) -> Option<Origin> {
    let text = std::str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let mut words = text.split(' ').skip(1);
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(Origin::Unknown);
    }
    let (source, destination): (IpAddr, IpAddr) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let ports = [words.next()?, words.next()?].map(|port| port.parse::<u16>().ok());
    let fits = match family {
        "TCP4" => source.is_ipv4() && destination.is_ipv4(),
        "TCP6" => source.is_ipv6() && destination.is_ipv6(),
        _ => false,
    };
    let whole = fits && ports.iter().all(Option::is_some) && words.next().is_none();
    whole.then_some(Origin::Client(source.to_canonical()))
}

async fn version_2(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Origin> {
    let command = stream.read_u8().await?;
    let family = stream.read_u8().await?;
    let length = usize::from(stream.read_u16().await?);
    if length > LONGEST_REST {
        return Err(wrong("a balancer sent a PROXY header that is too long"));
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    let damaged = || wrong("a balancer sent a PROXY header that cannot be read");
    match (command, family) {
        (0x20, _) => Ok(Origin::Balancer),
        // Source, destination, and two ports: TCP over IPv4 and IPv6.
        (0x21, 0x11) if length >= 12 => {
            let source: [u8; 4] = rest.first_chunk().copied().ok_or_else(damaged)?;
            Ok(Origin::Client(Ipv4Addr::from(source).into()))
        }
        (0x21, 0x21) if length >= 36 => {
            let source: [u8; 16] = rest.first_chunk().copied().ok_or_else(damaged)?;
            Ok(Origin::Client(
                IpAddr::from(Ipv6Addr::from(source)).to_canonical(),
            ))
        }
        (0x21, 0x11 | 0x21) => Err(damaged()),
        (0x21, _) => Ok(Origin::Unknown),
        _ => Err(damaged()),
    }
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read, and what is left.
    async fn parse(octets: &[u8]) -> (io::Result<Origin>, Vec<u8>) {
        let mut stream = octets;
        let origin = read(&mut stream).await;
        (origin, stream.to_vec())
    }

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    fn client(text: &str) -> Origin {
        Origin::Client(text.parse().unwrap())
    }

    #[tokio::test]
    async fn both_versions_name_the_client_and_nothing_behind_them_is_read() {
        let v4 = [192, 0, 2, 7, 198, 51, 100, 1, 0xdc, 4, 0, 25];
        let mut v6 = [0; 36];
        v6[..16].copy_from_slice(&"2001:db8::7".parse::<Ipv6Addr>().unwrap().octets());
        let with_notes = [&v4[..], &[4, 0, 3, 1, 2, 3]].concat();
        for (header, origin) in [
            (
                b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 25\r\n".to_vec(),
                client("192.0.2.7"),
            ),
            (
                b"PROXY TCP6 2001:db8::7 ::1 56324 25\r\n".to_vec(),
                client("2001:db8::7"),
            ),
            (
                b"PROXY TCP6 ::ffff:192.0.2.7 ::1 1 25\r\n".to_vec(),
                client("192.0.2.7"),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), Origin::Unknown),
            (b"PROXY UNKNOWN ffff:f::1 ::1 1 2\r\n".to_vec(), Origin::Unknown),
            (header(0x21, 0x11, &v4), client("192.0.2.7")),
            (header(0x21, 0x11, &with_notes), client("192.0.2.7")),
            (header(0x21, 0x21, &v6), client("2001:db8::7")),
            (header(0x20, 0, &[]), Origin::Balancer),
            (header(0x20, 0x11, &v4), Origin::Balancer),
            (header(0x21, 0, &[]), Origin::Unknown),
            (header(0x21, 0x31, &[0; 216]), Origin::Unknown),
        ] {
            let (read, left) = parse(&[&header[..], b"EHLO x\r\n"].concat()).await;
            assert_eq!(read.unwrap(), origin, "{}", header.escape_ascii());
            assert_eq!(left, b"EHLO x\r\n");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_or_damaged_is_an_error() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(200));
        for octets in [
            b"".to_vec(),
            b"EHLO x\r\nMAIL FROM:<>\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 198.51.100.1 56324\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 70000\r\n".to_vec(),
            b"PROXY TCP4 2001:db8::7 ::1 56324 25\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 198.51.100.1 56324 25 x\r\n".to_vec(),
            b"PROXY UDP4 192.0.2.7 198.51.100.1 56324 25\r\n".to_vec(),
            long.into_bytes(),
            header(0x21, 0x11, &[1, 2, 3]),
            header(0x31, 0x11, &[0; 12]),
            header(0x22, 0x11, &[0; 12]),
            header(0x21, 0x11, &[0; 12])[..20].to_vec(),
            header(0x21, 0x11, &[0; 5000]),
        ] {
            assert!(parse(&octets).await.0.is_err(), "{}", octets.escape_ascii());
        }
    }
}
