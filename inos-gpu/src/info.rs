//! What a shader declares.

/// What a shader declares, as far as a host has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShaderInfo {
    /// The entry points in the order of the source; at least one.
    pub entry_points: Vec<EntryPoint>,
    /// Every resource that is declared, used or not, ordered by group, binding and name.
    pub bindings: Vec<Binding>,
}

impl ShaderInfo {
    /// The entry point of this name. Names are unique in WGSL.
    #[must_use]
    pub fn entry_point(&self, name: &str) -> Option<&EntryPoint> {
        self.entry_points.iter().find(|entry| entry.name == name)
    }

    /// The resources that an entry point, or a function that it calls, mentions: those that must
    /// be bound in order to run it.
    ///
    /// ```
    /// use inos_gpu::{Limits, inspect};
    ///
    /// let info = inspect(
    ///     "@group(0) @binding(0) var<storage, read_write> a: u32;
    ///      @group(0) @binding(1) var<storage, read_write> b: u32;
    ///      fn clear() { b = 0u; }
    ///      @compute @workgroup_size(1) fn main() { clear(); }",
    ///     &Limits::default(),
    /// )?;
    /// let used: Vec<_> = info.bindings_of(&info.entry_points[0]).map(|b| b.name.as_str()).collect();
    /// assert_eq!(used, ["b"]);
    /// # Ok::<(), inos_gpu::ShaderError>(())
    /// ```
    pub fn bindings_of<'a>(
        &'a self,
        entry: &'a EntryPoint,
    ) -> impl Iterator<Item = &'a Binding> + 'a {
        entry.binding_indices.iter().filter_map(|index| self.bindings.get(*index))
    }
}

/// A function that a pipeline can start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntryPoint {
    /// Its name.
    pub name: String,
    /// The stage that it runs in.
    pub stage: Stage,
    /// Invocations per workgroup in x, y and z; all zero outside compute.
    pub workgroup_size: [u32; 3],
    /// Bytes of workgroup memory, counted as `maxComputeWorkgroupStorageSize` counts them.
    pub workgroup_memory_len: u64,
    /// The resources that it uses, as ascending indices into [`ShaderInfo::bindings`].
    pub binding_indices: Vec<usize>,
}

/// The stage that an entry point runs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// `@vertex`
    Vertex,
    /// `@fragment`
    Fragment,
    /// `@compute`
    Compute,
}

/// A resource variable.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Binding {
    /// The variable's name.
    pub name: String,
    /// Its `@group`.
    pub group: u32,
    /// Its `@binding`.
    pub binding: u32,
    /// What has to be bound to it.
    pub kind: BindingKind,
    /// The fewest bytes that may be bound (WebGPU's minimum buffer binding size: an array
    /// without a length counts as one element); 0 for textures and samplers.
    pub min_len: u64,
    /// Bytes from one element to the next, if the binding ends in an array without a length.
    pub tail_stride_len: Option<u32>,
}

/// What has to be bound to a resource variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BindingKind {
    /// `var<uniform>`
    Uniform,
    /// `var<storage>`, `var<storage, read>`
    StorageRead,
    /// `var<storage, read_write>`
    StorageReadWrite,
    /// `texture_…`: sampled, depth or multisampled.
    Texture,
    /// `texture_storage_…`
    StorageTexture,
    /// `sampler`
    Sampler,
    /// `sampler_comparison`
    ComparisonSampler,
}
