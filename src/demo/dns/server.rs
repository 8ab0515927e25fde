//! What a name server does with each question: notes it, asks its own server, says who it is.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};

use super::client::{Route, framed};
use super::message::answer;
use super::{Asked, NameServerOptions, Transport};
use crate::demo::DemoError;
use crate::demo::identity::stamp;
use crate::demo::socket::{Accepts, accept_each, listen};

/// The longest question that is read.
const LONGEST: usize = 1232;
const UPSTREAM_LIMIT: Duration = Duration::from_secs(1);
const AFTER_FAILURE: Duration = Duration::from_millis(10);

/// One server, shared by its sockets.
pub(super) struct Service {
    pub(super) options: NameServerOptions,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl Service {
    /// Listens on all addresses, over both transports, and serves in tasks of their own.
    pub(super) fn start(self) -> Result<(), DemoError> {
        let service = Arc::new(self);
        for &address in &service.options.addresses {
            let mark = service.options.member.mark;
            let datagrams = bind(address, mark)?;
            tokio::spawn(Arc::clone(&service).datagrams(Arc::new(datagrams), address));
            let (listener, service) =
                (listen(address, Accepts::Local, mark)?, Arc::clone(&service));
            tokio::spawn(accept_each(listener, move |stream, peer| {
                Arc::clone(&service).stream(stream, peer, address)
            }));
        }
        Ok(())
    }

    async fn datagrams(self: Arc<Self>, socket: Arc<UdpSocket>, local: SocketAddr) {
        let mut bytes = vec![0; LONGEST];
        loop {
            let (length, peer) = match socket.recv_from(&mut bytes).await {
                Ok(heard) => heard,
                Err(error) => {
                    tracing::debug!(%error, %local, "demo name server can't receive");
                    tokio::time::sleep(AFTER_FAILURE).await;
                    continue;
                }
            };
            let asked = Asked { transport: Transport::Udp, peer, local };
            let question = bytes.get(..length).unwrap_or_default().to_vec();
            let (service, socket) = (Arc::clone(&self), Arc::clone(&socket));
            tokio::spawn(async move {
                let Some(answer) = service.answer(&question, asked).await else { return };
                if let Err(error) = socket.send_to(&answer, peer).await {
                    tracing::debug!(%error, %peer, "demo name server can't answer");
                }
            });
        }
    }

    async fn stream(self: Arc<Self>, mut stream: TcpStream, peer: SocketAddr, local: SocketAddr) {
        let asked = Asked { transport: Transport::Tcp, peer, local };
        let exchange = async {
            let mut question = vec![0; stream.read_u16().await?.into()];
            stream.read_exact(&mut question).await?;
            let answer = self.answer(&question, asked).await.ok_or(io::ErrorKind::InvalidData)?;
            stream.write_all(&framed(&answer)?).await
        };
        if let Err(error) = exchange.await {
            tracing::debug!(%error, %peer, "demo name server did not answer");
        }
    }

    /// Nothing, where the upstream server gave no answer or the question is none.
    async fn answer(&self, question: &[u8], asked: Asked) -> Option<Vec<u8>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        let mut texts = vec![format!("{} {}", self.options.name, asked.peer)];
        if let Some(server) = self.options.upstream {
            let mark = self.options.member.mark;
            let route = Route { server, transport: asked.transport, source_port: 0, mark };
            match route.ask(UPSTREAM_LIMIT).await {
                Ok(answer) => texts.extend(answer.written()),
                Err(error) => {
                    tracing::debug!(%error, "demo name server got no answer itself");
                    return None;
                }
            }
        }
        answer(question, &texts)
    }
}

fn bind(address: SocketAddr, mark: Option<u32>) -> Result<UdpSocket, DemoError> {
    let bound = std::net::UdpSocket::bind(address).map_err(DemoError::io("bind", address))?;
    stamp(&bound, mark)?;
    bound
        .set_nonblocking(true)
        .and_then(|()| UdpSocket::from_std(bound))
        .map_err(DemoError::io("receive on", address))
}
