//! Length-delimited frames: four bytes of little-endian length, then that many bytes of one postcard message.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Longest body of a frame, in bytes. A megabyte keeps a peer that talks nonsense from making the other side
/// allocate, and is large enough that files and output travel in few pieces.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

const HEADER_BYTES: usize = 4;

/// Why bytes were not a frame. After any of these the stream is worthless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FrameError {
    /// The header announces more than [`MAX_FRAME_BYTES`].
    TooLong(usize),
    /// The body is no message of the expected kind.
    Malformed,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLong(bytes) => {
                write!(f, "a frame of {bytes} bytes is over the bound of {MAX_FRAME_BYTES}")
            }
            Self::Malformed => write!(f, "a frame holds no known message"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Appends `message` as one frame to `out`. Several messages may share one write.
///
/// # Errors
/// [`FrameError::TooLong`] when the encoded message is over the bound; `out` is then as it was.
pub fn encode_into<M: Serialize>(message: &M, out: &mut Vec<u8>) -> Result<(), FrameError> {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    // `Extend` of a `Vec` cannot fail, so the only error left is a type that serde cannot serialise: none of ours.
    let mut framed = postcard::to_extend(message, std::mem::take(out)).map_err(|_| FrameError::Malformed)?;
    let bytes = framed.len() - start - HEADER_BYTES;
    if bytes > MAX_FRAME_BYTES {
        framed.truncate(start);
        *out = framed;
        return Err(FrameError::TooLong(bytes));
    }
    framed[start..start + HEADER_BYTES].copy_from_slice(&(bytes as u32).to_le_bytes());
    *out = framed;
    Ok(())
}

/// One message as one frame.
///
/// # Errors
/// As [`encode_into`].
pub fn encode<M: Serialize>(message: &M) -> Result<Vec<u8>, FrameError> {
    let mut out = Vec::new();
    encode_into(message, &mut out)?;
    Ok(out)
}

/// Cuts an incoming byte stream, which arrives in arbitrary pieces, into messages.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that were already handed out.
    consumed: usize,
}

impl Decoder {
    /// Takes the next piece of the stream.
    pub fn push(&mut self, piece: &[u8]) {
        if self.consumed > 0 {
            self.buffer.drain(..self.consumed);
            self.consumed = 0;
        }
        self.buffer.extend_from_slice(piece);
    }

    /// The next whole message, or `None` until more bytes arrive.
    ///
    /// # Errors
    /// Any [`FrameError`]; the stream cannot be resynchronised.
    pub fn decode<M: DeserializeOwned>(&mut self) -> Result<Option<M>, FrameError> {
        let rest = &self.buffer[self.consumed..];
        let Some((header, body)) = rest.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let bytes = u32::from_le_bytes(*header) as usize;
        if bytes > MAX_FRAME_BYTES {
            return Err(FrameError::TooLong(bytes));
        }
        let Some(body) = body.get(..bytes) else { return Ok(None) };
        let (message, left) = postcard::take_from_bytes(body).map_err(|_| FrameError::Malformed)?;
        if !left.is_empty() {
            return Err(FrameError::Malformed);
        }
        self.consumed += HEADER_BYTES + bytes;
        Ok(Some(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_any_split() {
        let mut bytes = encode(&"first").unwrap();
        bytes.extend(encode(&"second, longer").unwrap());
        for split in 0..bytes.len() {
            let mut decoder = Decoder::default();
            let mut seen: Vec<String> = Vec::new();
            for piece in [&bytes[..split], &bytes[split..]] {
                decoder.push(piece);
                while let Some(text) = decoder.decode().unwrap() {
                    seen.push(text);
                }
            }
            assert_eq!(seen, ["first", "second, longer"], "split at {split}");
        }
    }

    #[test]
    fn a_length_over_the_bound_is_refused_before_it_is_buffered() {
        let mut decoder = Decoder::default();
        decoder.push(&u32::MAX.to_le_bytes());
        assert_eq!(decoder.decode::<u8>(), Err(FrameError::TooLong(u32::MAX as usize)));
    }

    #[test]
    fn bytes_left_over_in_a_frame_are_malformed() {
        let mut decoder = Decoder::default();
        decoder.push(&[2, 0, 0, 0, 7, 7]);
        assert_eq!(decoder.decode::<u8>(), Err(FrameError::Malformed));
    }

    #[test]
    fn a_message_over_the_bound_leaves_the_buffer_as_it_was() {
        let mut out = vec![1, 2, 3];
        let huge = vec![0_u8; MAX_FRAME_BYTES + 1];
        assert!(matches!(encode_into(&huge, &mut out), Err(FrameError::TooLong(_))));
        assert_eq!(out, [1, 2, 3]);
    }
}
