//! What a device grants.

/// What a device grants, under the names that WebGPU gives them (`GPUSupportedLimits`, in
/// camel case there), and the longest source that is read at all.
///
/// The default is WebGPU's default: what every WebGPU implementation grants.
///
/// ```
/// use inos_gpu::{Limits, ShaderError, inspect};
///
/// let source = "@compute @workgroup_size(512) fn wide() {}";
/// let mut limits = Limits::default();
/// assert!(matches!(
///     inspect(source, &limits),
///     Err(ShaderError::OverLimit { limit: "maxComputeWorkgroupSizeX", value: 512, max: 256, .. })
/// ));
///
/// limits.max_compute_workgroup_size_x = 1024;
/// limits.max_compute_invocations_per_workgroup = 1024;
/// assert!(inspect(source, &limits).is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of source. Not one of WebGPU's: ours, checked before anything reads the source.
    pub max_source_len: usize,
    /// `maxComputeWorkgroupSizeX`.
    pub max_compute_workgroup_size_x: u32,
    /// `maxComputeWorkgroupSizeY`.
    pub max_compute_workgroup_size_y: u32,
    /// `maxComputeWorkgroupSizeZ`.
    pub max_compute_workgroup_size_z: u32,
    /// `maxComputeInvocationsPerWorkgroup`: x times y times z.
    pub max_compute_invocations_per_workgroup: u32,
    /// `maxComputeWorkgroupStorageSize`: bytes, each variable rounded up to 16.
    pub max_compute_workgroup_storage_size: u32,
    /// `maxBindGroups`: one more than the highest `@group`.
    pub max_bind_groups: u32,
    /// `maxBindingsPerBindGroup`: one more than the highest `@binding`.
    pub max_bindings_per_bind_group: u32,
    /// `maxUniformBuffersPerShaderStage`, counted per entry point.
    pub max_uniform_buffers_per_shader_stage: u32,
    /// `maxStorageBuffersPerShaderStage`, counted per entry point.
    pub max_storage_buffers_per_shader_stage: u32,
    /// `maxSampledTexturesPerShaderStage`, counted per entry point.
    pub max_sampled_textures_per_shader_stage: u32,
    /// `maxStorageTexturesPerShaderStage`, counted per entry point.
    pub max_storage_textures_per_shader_stage: u32,
    /// `maxSamplersPerShaderStage`, counted per entry point.
    pub max_samplers_per_shader_stage: u32,
    /// `maxUniformBufferBindingSize`, in bytes.
    pub max_uniform_buffer_binding_size: u64,
    /// `maxStorageBufferBindingSize`, in bytes.
    pub max_storage_buffer_binding_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_source_len: 256 << 10,
            max_compute_workgroup_size_x: 256,
            max_compute_workgroup_size_y: 256,
            max_compute_workgroup_size_z: 64,
            max_compute_invocations_per_workgroup: 256,
            max_compute_workgroup_storage_size: 16 << 10,
            max_bind_groups: 4,
            max_bindings_per_bind_group: 1000,
            max_uniform_buffers_per_shader_stage: 12,
            max_storage_buffers_per_shader_stage: 8,
            max_sampled_textures_per_shader_stage: 16,
            max_storage_textures_per_shader_stage: 4,
            max_samplers_per_shader_stage: 16,
            max_uniform_buffer_binding_size: 64 << 10,
            max_storage_buffer_binding_size: 128 << 20,
        }
    }
}
