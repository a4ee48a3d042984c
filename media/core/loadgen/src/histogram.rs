//! Delays in µs, kept in buckets whose width is 1/32 of their value.

const STEPS: u64 = 32;
const STEP_BITS: u32 = STEPS.ilog2();

#[derive(Clone, Debug, Default)]
pub struct Histogram {
    counts: Vec<u32>,
    total: u64,
    max: u64,
}

impl Histogram {
    pub fn add(&mut self, micros: u64) {
        let bucket = bucket_of(micros);
        if bucket >= self.counts.len() {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.max = self.max.max(micros);
    }

    pub fn merge(&mut self, other: &Histogram) {
        if other.counts.len() > self.counts.len() {
            self.counts.resize(other.counts.len(), 0);
        }
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.total += other.total;
        self.max = self.max.max(other.max);
    }

    pub fn total(&self) -> u64 {
        self.total
    }

    pub fn max(&self) -> u64 {
        self.max
    }

    /// The value below or at which `share` (0 to 1) of all lie; 0 without any. At most 1/32 too high.
    pub fn quantile(&self, share: f64) -> u64 {
        let wanted = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += u64::from(*count);
            if seen >= wanted {
                return top_of(bucket).min(self.max);
            }
        }
        self.max
    }
}

fn bucket_of(value: u64) -> usize {
    if value < STEPS {
        return value as usize;
    }
    let octave = value.ilog2() - STEP_BITS;
    (u64::from(octave) * STEPS + (value >> octave)) as usize
}

/// The highest value in a bucket.
fn top_of(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let octave = bucket / STEPS - 1;
    ((bucket - octave * STEPS + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_at_or_below_its_bucket_s_top_and_near() {
        for value in (0..5_000).chain([123_456, 9_999_999]) {
            let top = top_of(bucket_of(value));
            assert!(value <= top && top - value <= value / 32, "{value} {top}");
        }
    }

    #[test]
    fn quantiles() {
        let mut histogram = Histogram::default();
        let mut other = Histogram::default();
        (1..=50).for_each(|n| histogram.add(n * 10));
        (51..=100).for_each(|n| other.add(n * 10));
        histogram.merge(&other);
        assert_eq!(histogram.total(), 100);
        assert!((500..=516).contains(&histogram.quantile(0.5)));
        assert!((990..=1_000).contains(&histogram.quantile(0.99)));
        assert_eq!(histogram.quantile(1.0), 1_000);
        assert_eq!(Histogram::default().quantile(0.5), 0);
    }
}
