//! All environments side by side: what each component is in each environment.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Class, ComponentName, EnvironmentName, PlacesCompared, Reading, ReadingSource};
use crate::version::{Direction, Level};

/// One component in each environment.
#[derive(Clone, Debug)]
pub struct MatrixRow {
    /// Its name.
    pub component: ComponentName,
    /// Who releases it.
    pub class: Class,
    /// One cell for each snapshot, in their order.
    pub cells: Vec<Cell>,
}

/// One component in one environment.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Which environment.
    pub environment: EnvironmentName,
    /// Whether it runs there, and if not, what is known.
    pub state: State,
    /// Distinct readings.
    pub readings: Vec<CellReading>,
    /// How far from the baseline; `None` in the baseline and where either side lacks it.
    pub level: Option<Level>,
    /// Seen from the baseline.
    pub direction: Option<Direction>,
    /// Whether it is another product than the baseline's.
    pub other_product: bool,
    /// Whether it is another variant of the image than the baseline's.
    pub other_variant: bool,
    /// Whether it is equal by its content, though the versions are written differently.
    pub same_content: bool,
    /// The places that were compared with the baseline's, and those that differ.
    pub places: PlacesCompared,
    /// Set up but not running, by the source's word for its state.
    pub not_running: BTreeMap<String, usize>,
    /// Tags that stand for different content here.
    pub builds: usize,
}

/// Whether a component runs in an environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs.
    Present,
    /// It is set up, but does not run.
    NotRunning,
    /// Everything that could hold it was read, and it is not there.
    Missing,
    /// Not everything that could hold it was read.
    Unobserved,
    /// The environment has no target of that kind, or does not want it.
    NotApplicable,
}

/// What some instances of a component say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellReading {
    /// The product, where the product data knows it.
    pub product: Option<Arc<str>>,
    /// Its version.
    pub reading: Arc<Reading>,
    /// What told it.
    pub source: ReadingSource,
    /// What a lower source says instead.
    pub contradicted_by: Option<Arc<Reading>>,
    /// How many instances say so; containers of one workload are one.
    pub instances: usize,
    /// Digests of their content, sorted.
    pub digests: Vec<String>,
}

impl State {
    /// The word used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::NotRunning => "not-running",
            Self::Missing => "missing",
            Self::Unobserved => "unobserved",
            Self::NotApplicable => "not-applicable",
        }
    }
}

impl MatrixRow {
    /// Whether several environments have it and all that have or could have it run the same, as
    /// far as is known: then it need not be shown.
    pub fn is_equal(&self) -> bool {
        self.count_present() > 1 && self.differs_nowhere()
    }

    /// Whether one environment has it and no other could: there is nothing to compare.
    pub fn is_alone(&self) -> bool {
        self.count_present() == 1 && self.differs_nowhere()
    }

    /// Whether it is set up wherever it could be, and runs nowhere: there is nothing to compare.
    pub fn is_idle(&self) -> bool {
        self.cells.iter().any(|cell| cell.state == State::NotRunning)
            && self
                .cells
                .iter()
                .all(|cell| matches!(cell.state, State::NotRunning | State::NotApplicable))
    }

    fn count_present(&self) -> usize {
        self.cells.iter().filter(|cell| cell.state == State::Present).count()
    }

    fn differs_nowhere(&self) -> bool {
        // Without the baseline there is no level: then what is told must be the same.
        let told = |cell: &Cell| {
            cell.readings.iter().map(|r| (r.product.clone(), r.reading.clone())).collect::<Vec<_>>()
        };
        let mut present = self.cells.iter().filter(|cell| cell.state == State::Present);
        let without_level = present.clone().all(|cell| cell.level.is_none());
        let first = present.next().map(told);
        if without_level && present.any(|cell| Some(told(cell)) != first) {
            return false;
        }
        self.cells.iter().all(|cell| match cell.state {
            State::Present => {
                let same_level = cell.level.is_none_or(|level| level == Level::Equal);
                same_level
                    && !cell.other_product
                    && !cell.other_variant
                    && cell.builds < 2
                    && cell.readings.len() < 2
            }
            State::NotApplicable => true,
            State::NotRunning | State::Missing | State::Unobserved => false,
        })
    }
}
