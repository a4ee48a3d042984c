//! Which slots show which source.

/// A slot: index of the subscriber among the shard's peers, and of the slot among its downtracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    pub peer: usize,
    pub slot: usize,
}

/// By index of the source; dense, so that the way from packet to subscribers is one array access.
#[derive(Default)]
pub struct Router {
    targets: Vec<Vec<Target>>,
}

impl Router {
    pub fn targets(&self, source: usize) -> &[Target] {
        self.targets.get(source).map_or(&[], Vec::as_slice)
    }

    pub fn is_watched(&self, source: usize) -> bool {
        !self.targets(source).is_empty()
    }

    pub fn add(&mut self, source: usize, target: Target) {
        if self.targets.len() <= source {
            self.targets.resize_with(source + 1, Vec::new);
        }
        let targets = &mut self.targets[source];
        if !targets.contains(&target) {
            targets.push(target);
        }
    }

    pub fn remove(&mut self, source: usize, target: Target) {
        if let Some(targets) = self.targets.get_mut(source) {
            targets.retain(|other| *other != target);
        }
    }

    /// Takes all targets of a source that is gone.
    pub fn clear(&mut self, source: usize) -> Vec<Target> {
        self.targets.get_mut(source).map(std::mem::take).unwrap_or_default()
    }
}
