//! Parts of a table as one.

/// The rows of all parts, in their order; `N` is how many there are, and none of the parts is empty.
pub(crate) const fn joined<T: Copy, const P: usize, const N: usize>(parts: [&[T]; P]) -> [T; N] {
    let mut all = [parts[0][0]; N];
    let (mut part, mut filled) = (0, 0);
    while part < P {
        let mut place = 0;
        while place < parts[part].len() {
            all[filled] = parts[part][place];
            place += 1;
            filled += 1;
        }
        part += 1;
    }
    assert!(filled == N, "a table without gaps");
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [u8; 3] = joined([&[1, 2], &[3]]);

    #[test]
    fn parts_stand_in_their_order() {
        assert_eq!(ALL, [1, 2, 3]);
    }
}
