//! What the methods take.

use crate::error::UnitError;
use crate::schema::Bytes;

crate::names! {
    /// What the world's edge does.
    pub enum Bounds {
        /// Leaving on one side is entering on the other; distances take the short way.
        Torus = "torus",
        /// Walls reflect.
        Box = "box",
        /// The wall is a sphere, in 2D a circle, and reflects.
        Sphere = "sphere",
    }
}

impl Bounds {
    /// The number in a frame's header.
    pub(super) const fn code(self) -> u32 {
        match self {
            Self::Torus => 0,
            Self::Box => 1,
            Self::Sphere => 2,
        }
    }

    pub(super) const fn from_code(code: u32) -> Option<Self> {
        match code {
            0 => Some(Self::Torus),
            1 => Some(Self::Box),
            2 => Some(Self::Sphere),
            _ => None,
        }
    }
}

crate::params! {
    /// What `init` takes.
    #[derive(Copy)]
    pub struct InitParams {
        count: u32 = 1000 in 1..=4000000 => "Number of boids";
        dim: u32 = 3 in 2..=3 => "Number of axes";
        seed: u64 = 1 in 0..=18446744073709551615 => "Seed of positions and headings";
        bounds: Bounds = Torus => "What the world's edge does";
        half_extent: f32 = 0.0 in 0.0..=1000000.0 =>
            "Half the world's width or the sphere's radius, at least 0.001, in world units; 0 picks one";
        speed: f32 = 1.0 in 0.0..=10000.0 => "Speed of every boid, in world units per second";
    }
}

crate::params! {
    /// What `step` takes.
    #[derive(Copy)]
    pub struct StepParams {
        separation_radius: f32 = 0.4 in 0.001..=10000.0 =>
            "Boids nearer than this are kept away from, in world units";
        alignment_radius: f32 = 1.0 in 0.001..=10000.0 =>
            "Boids nearer than this are steered along with, in world units";
        cohesion_radius: f32 = 1.0 in 0.001..=10000.0 =>
            "Boids nearer than this are drawn to, in world units";
        separation_weight: f32 = 1.0 in 0.0..=1000.0 => "Strength of separation, per second squared";
        alignment_weight: f32 = 2.0 in 0.0..=1000.0 => "Strength of alignment, per second";
        cohesion_weight: f32 = 1.0 in 0.0..=1000.0 => "Strength of cohesion, per second squared";
        min_speed: f32 = 0.5 in 0.0..=10000.0 => "Lowest speed, in world units per second";
        max_speed: f32 = 1.5 in 0.0..=10000.0 => "Highest speed, in world units per second";
        max_force: f32 = 5.0 in 0.0..=1000000.0 =>
            "Highest acceleration, in world units per second squared";
        dt: f32 = 0.02 in 0.0..=1.0 => "Length of the step, in seconds";
        field_of_view: f32 = 1.0 in 0.0..=1.0 =>
            "Share of all directions that a boid sees, around its heading: 1 all, 0.5 what is ahead";
        goal_weight: f32 = 0.0 in 0.0..=1000.0 => "Pull of the goal, per second squared";
        goal_x: f32 = 0.0 in -1000000.0..=1000000.0 => "Where the goal is";
        goal_y: f32 = 0.0 in -1000000.0..=1000000.0 => "Where the goal is";
        goal_z: f32 = 0.0 in -1000000.0..=1000000.0 => "Where the goal is; nothing in 2D";
        wind_x: f32 = 0.0 in -10000.0..=10000.0 => "What carries boids along, in world units per second";
        wind_y: f32 = 0.0 in -10000.0..=10000.0 => "What carries boids along, in world units per second";
        wind_z: f32 = 0.0 in -10000.0..=10000.0 => "What carries boids along; nothing in 2D";
        fear_radius: f32 = 2.0 in 0.001..=10000.0 => "Predators nearer than this are fled from";
        fear_weight: f32 = 10.0 in 0.0..=1000.0 => "Strength of fear, per second squared";
        predator_speed: f32 = 1.6 in 0.0..=10000.0 =>
            "Speed of a predator that hunts, in world units per second";
        catch_radius: f32 = 0.1 in 0.0..=10000.0 =>
            "Boids nearer than this to a predator count as caught; at most the largest radius";
        avoid_radius: f32 = 1.0 in 0.001..=10000.0 => "Obstacles nearer than this are turned from";
        avoid_weight: f32 = 10.0 in 0.0..=1000.0 => "Strength of turning from obstacles, per second squared";
        max_per_cell: u32 = 32 in 1..=1024 =>
            "Most boids that are seen of those in a cell as wide as a boid sees; of a fuller cell an even share";
    }
}

impl StepParams {
    /// How far a boid sees: the largest of the three radii.
    ///
    /// ```
    /// use inos_units::boids::StepParams;
    ///
    /// let params = StepParams { alignment_radius: 3.0, ..StepParams::default() };
    /// assert_eq!(params.perception_radius(), 3.0);
    /// ```
    #[must_use]
    pub const fn perception_radius(&self) -> f32 {
        self.separation_radius.max(self.alignment_radius).max(self.cohesion_radius)
    }

    /// The cosine of half the field of view, of a cap that is this share of a sphere, times its
    /// absolute value. Whoever sees all around sees behind, too, whatever rounding says.
    pub(super) const fn view(&self) -> f32 {
        let cosine = 1.0 - 2.0 * self.field_of_view;
        if self.field_of_view < 1.0 { cosine * cosine.abs() } else { -2.0 }
    }

    /// Checks ranges and what fields demand of each other and of the world.
    pub(super) fn check(&self, bounds: Bounds, half_extent: f32) -> Result<(), UnitError> {
        self.validate()?;
        if self.min_speed > self.max_speed {
            return Err(UnitError::BadParam { name: "min_speed", expected: "at most max_speed" });
        }
        if bounds == Bounds::Torus && self.perception_radius() > half_extent {
            let radii = [
                ("separation_radius", self.separation_radius),
                ("alignment_radius", self.alignment_radius),
                ("cohesion_radius", self.cohesion_radius),
            ];
            let name = radii.iter().find(|(_, radius)| *radius > half_extent);
            return Err(UnitError::BadParam {
                name: name.map_or("cohesion_radius", |(name, _)| name),
                expected: "at most half_extent in a torus, where a boid must not see another twice",
            });
        }
        Ok(())
    }
}

crate::params! {
    /// What `resize` takes.
    #[derive(Copy)]
    pub struct ResizeParams {
        count: u32 = 1000 in 1..=4000000 => "Number of boids afterwards";
        speed: f32 = 1.0 in 0.0..=10000.0 => "Speed of boids that are added, in world units per second";
    }
}

crate::params! {
    /// What `set_scene` takes.
    pub struct SceneParams {
        predators: u32 = 0 in 0..=64 => "Number of predators, somewhere in the middle of the world";
        seed: u64 = 1 in 0..=18446744073709551615 => "Seed of where they are";
        obstacles: Bytes = none in 0..=8192 => "Obstacles, 32 bytes each";
    }
}

crate::params! {
    /// What `neighbours_of` takes.
    #[derive(Copy)]
    pub struct NeighboursParams {
        id: u32 = 0 in 0..=4294967295 => "The boid";
        radius: f32 = 1.0 in 0.001..=10000.0 => "How far it looks, in world units";
        max: u32 = 64 in 1..=4096 => "Most neighbours told";
    }
}

crate::params! {
    /// What `stats` takes.
    #[derive(Copy)]
    pub struct StatsParams {
        radius: f32 = 1.0 in 0.001..=10000.0 =>
            "Boids nearer than this hang together, in world units; in a torus at most half_extent";
    }
}

crate::names! {
    /// What a boid's colour says.
    pub enum ColourBy {
        /// Where it flies.
        Heading = "heading",
        /// How fast it is.
        Speed = "speed",
    }
}

crate::params! {
    /// What `view` takes.
    #[derive(Copy)]
    pub struct ViewParams {
        colour: ColourBy = Heading => "What colours say";
        max_speed: f32 = 1.5 in 0.001..=10000.0 =>
            "Speed from which on a boid is red, in world units per second, if colours say speeds";
    }
}

crate::params! {
    /// What `instances` takes.
    #[derive(Copy)]
    pub struct InstancesParams {
        scale: f32 = 1.0 in 0.000001..=1000000.0 => "Scale of every instance, along all axes";
    }
}
