//! Flocks worth looking at, by name.

use clap::ValueEnum;
use inos::units::boids::StepParams;

/// A set of rules, and what goes with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// Reynolds' three rules, balanced
    #[default]
    Classic,
    /// Tight swarms that stretch, fold and part, as starlings do before a hawk
    Murmuration,
    /// A dense, slow shoal of fish that see what is ahead
    Shoal,
    /// Gnats: together, each its own way
    Swarm,
    /// Streams: all fly alike, few stay together
    Stream,
}

impl Preset {
    /// Its rules.
    #[must_use]
    pub(crate) fn rules(self) -> StepParams {
        let classic = StepParams::default();
        match self {
            Self::Classic => classic,
            Self::Murmuration => StepParams {
                separation_radius: 0.35,
                cohesion_weight: 2.2,
                alignment_weight: 3.0,
                min_speed: 1.0,
                max_speed: 2.0,
                max_force: 6.0,
                fear_radius: 2.5,
                fear_weight: 14.0,
                ..classic
            },
            Self::Shoal => StepParams {
                separation_radius: 0.3,
                alignment_weight: 1.2,
                cohesion_weight: 3.0,
                min_speed: 0.3,
                max_speed: 0.9,
                field_of_view: 0.8,
                fear_radius: 1.6,
                ..classic
            },
            Self::Swarm => StepParams {
                separation_weight: 0.6,
                alignment_weight: 0.0,
                cohesion_weight: 4.0,
                min_speed: 0.8,
                max_speed: 1.8,
                ..classic
            },
            Self::Stream => StepParams {
                separation_weight: 1.4,
                alignment_weight: 6.0,
                cohesion_weight: 0.3,
                min_speed: 0.9,
                ..classic
            },
        }
    }

    /// Predators, unless somebody says how many.
    #[must_use]
    pub(crate) fn predators(self) -> u32 {
        match self {
            Self::Murmuration => 2,
            Self::Shoal => 1,
            Self::Classic | Self::Swarm | Self::Stream => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_has_rules_of_its_own_that_the_unit_takes() {
        let all: Vec<_> = Preset::value_variants().iter().map(|preset| preset.rules()).collect();
        for (index, rules) in all.iter().enumerate() {
            assert!(rules.validate().is_ok() && rules.min_speed <= rules.max_speed);
            assert!(!all[..index].contains(rules));
        }
        assert_eq!(Preset::default().rules(), StepParams::default());
    }
}
