//! Nearest names, for "did you mean".

/// The candidate that differs least from `text`, when it is near enough to be a misspelling of it.
///
/// Ties go to the name that sorts first, so that messages do not depend on the order of the input.
pub fn nearest<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // Beyond this length nothing is looked for: the work is quadratic in it.
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let length = text.chars().count();
    let most = (length / 3).min(3);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate.len() > LONGEST || candidate.chars().count().abs_diff(length) > most {
            continue;
        }
        let distance = distance(text, candidate);
        let nearer = best.is_none_or(|best| (distance, candidate) < best);
        if distance <= most && nearer {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other; a change of
/// case alone counts for nothing but the tie.
fn distance(a: &str, b: &str) -> usize {
    let fold = |text: &str| text.chars().map(|c| c.to_ascii_lowercase()).collect::<Vec<_>>();
    let (a, b) = (fold(a), fold(b));
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = core::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_misspellings_only() {
        let names = ["QcloudCamFullAccess", "boundary", "strict"];
        let near = |text| nearest(text, names);
        assert_eq!(near("QcloudCamFullAcces"), Some("QcloudCamFullAccess"));
        assert_eq!(
            (near("bondary"), near("stirct"), near("Strict")),
            (Some(names[1]), Some(names[2]), Some(names[2]))
        );
        assert_eq!((near("x"), near("users"), near(&"b".repeat(99))), (None, None, None));
        assert_eq!((nearest("abc", ["abd", "aba"]), nearest("ab", ["ac", "AB"])), (Some("aba"), Some("AB")));
    }
}
