//! From a validated module to what a host has to know.

use naga::valid::ModuleInfo;
use naga::{AddressSpace, ArraySize, GlobalVariable, Handle, ImageClass, TypeInner};

use crate::inspect::Shader;
use crate::{Binding, BindingKind, EntryPoint, ShaderError, ShaderInfo, Stage};

impl Shader<'_> {
    /// Everything the shader declares, or the first limit that it is over.
    pub(crate) fn reflect(&self, info: &ModuleInfo) -> Result<ShaderInfo, ShaderError> {
        let mut bindings = Vec::new();
        for (handle, variable) in self.module.global_variables.iter() {
            if let Some(binding) = self.binding(handle, variable)? {
                bindings.push((handle, binding));
            }
        }
        bindings.sort_by(|(_, a), (_, b)| {
            (a.group, a.binding, &a.name).cmp(&(b.group, b.binding, &b.name))
        });

        let mut entry_points = Vec::new();
        for (index, entry) in self.module.entry_points.iter().enumerate() {
            let uses = info.get_entry_point(index);
            let is_used = |handle: Handle<GlobalVariable>| !uses[handle].is_empty();
            let binding_indices: Vec<usize> = bindings
                .iter()
                .enumerate()
                .filter(|(_, (handle, _))| is_used(*handle))
                .map(|(index, _)| index)
                .collect();
            self.check_counts(entry, || {
                bindings.iter().filter(|(handle, _)| is_used(*handle)).map(|(_, b)| b.kind)
            })?;
            entry_points.push(EntryPoint {
                name: entry.name.clone(),
                stage: self.stage(entry)?,
                workgroup_size: entry.workgroup_size,
                workgroup_memory_len: self.workgroup_memory(entry, is_used)?,
                binding_indices,
            });
        }
        if entry_points.is_empty() {
            return Err(ShaderError::NoEntryPoint);
        }
        let bindings = bindings.into_iter().map(|(_, binding)| binding).collect();
        Ok(ShaderInfo { entry_points, bindings })
    }

    fn stage(&self, entry: &naga::EntryPoint) -> Result<Stage, ShaderError> {
        match entry.stage {
            naga::ShaderStage::Vertex => Ok(Stage::Vertex),
            naga::ShaderStage::Fragment => Ok(Stage::Fragment),
            naga::ShaderStage::Compute => Ok(Stage::Compute),
            _ => Err(ShaderError::Unsupported {
                what: "a stage that WebGPU does not have",
                at: self.function_location(&entry.name),
            }),
        }
    }

    /// The bytes that WebGPU counts: each variable rounded up to 16.
    fn workgroup_memory(
        &self,
        entry: &naga::EntryPoint,
        is_used: impl Fn(Handle<GlobalVariable>) -> bool,
    ) -> Result<u64, ShaderError> {
        let mut len = 0u64;
        for (handle, variable) in self.module.global_variables.iter() {
            if variable.space != AddressSpace::WorkGroup || !is_used(handle) {
                continue;
            }
            let inner = &self.module.types[variable.ty].inner;
            if matches!(inner, TypeInner::Array { size: ArraySize::Pending(_), .. }) {
                let what = "a workgroup array whose length depends on an `override`";
                return Err(ShaderError::Unsupported { what, at: self.variable_location(handle) });
            }
            len = len.saturating_add(self.len(inner).next_multiple_of(16));
        }
        let max = self.limits.max_compute_workgroup_storage_size.into();
        let at = || self.function_location(&entry.name);
        Self::within("maxComputeWorkgroupStorageSize", len, max, &entry.name, at)?;
        Ok(len)
    }

    fn check_counts<I: Iterator<Item = BindingKind>>(
        &self,
        entry: &naga::EntryPoint,
        kinds: impl Fn() -> I,
    ) -> Result<(), ShaderError> {
        use BindingKind as Kind;
        let limits = self.limits;
        let rules: [(_, &[Kind], _); 5] = [
            (
                "maxUniformBuffersPerShaderStage",
                &[Kind::Uniform],
                limits.max_uniform_buffers_per_shader_stage,
            ),
            (
                "maxStorageBuffersPerShaderStage",
                &[Kind::StorageRead, Kind::StorageReadWrite],
                limits.max_storage_buffers_per_shader_stage,
            ),
            (
                "maxSampledTexturesPerShaderStage",
                &[Kind::Texture],
                limits.max_sampled_textures_per_shader_stage,
            ),
            (
                "maxStorageTexturesPerShaderStage",
                &[Kind::StorageTexture],
                limits.max_storage_textures_per_shader_stage,
            ),
            (
                "maxSamplersPerShaderStage",
                &[Kind::Sampler, Kind::ComparisonSampler],
                limits.max_samplers_per_shader_stage,
            ),
        ];
        for (limit, counted, max) in rules {
            let count = kinds().filter(|kind| counted.contains(kind)).map(|_| 1u64).sum();
            let at = || self.function_location(&entry.name);
            Self::within(limit, count, max.into(), &entry.name, at)?;
        }
        Ok(())
    }

    /// The bytes of a validated type; an array without a length counts as one element.
    fn len(&self, inner: &TypeInner) -> u64 {
        inner.try_size(self.module.to_ctx()).map_or(u64::MAX >> 1, u64::from)
    }

    fn binding(
        &self,
        handle: Handle<GlobalVariable>,
        variable: &GlobalVariable,
    ) -> Result<Option<Binding>, ShaderError> {
        let Some(slot) = variable.binding else {
            return Ok(None);
        };
        let name = variable.name.clone().unwrap_or_default();
        let at = || self.variable_location(handle);
        let inner = &self.module.types[variable.ty].inner;
        let limits = self.limits;

        let (kind, min_len) = match (variable.space, inner) {
            (AddressSpace::Uniform, _) => {
                let len = self.len(inner);
                let max = limits.max_uniform_buffer_binding_size;
                Self::within("maxUniformBufferBindingSize", len, max, &name, at)?;
                (BindingKind::Uniform, len)
            }
            (AddressSpace::Storage { access }, _) => {
                let len = self.len(inner);
                let max = limits.max_storage_buffer_binding_size;
                Self::within("maxStorageBufferBindingSize", len, max, &name, at)?;
                let writes = access.contains(naga::StorageAccess::STORE);
                (if writes { BindingKind::StorageReadWrite } else { BindingKind::StorageRead }, len)
            }
            (_, TypeInner::Image { class: ImageClass::Storage { .. }, .. }) => {
                (BindingKind::StorageTexture, 0)
            }
            (_, TypeInner::Image { .. }) => (BindingKind::Texture, 0),
            (_, TypeInner::Sampler { comparison: false }) => (BindingKind::Sampler, 0),
            (_, TypeInner::Sampler { comparison: true }) => (BindingKind::ComparisonSampler, 0),
            _ => {
                let what = "a resource that WebGPU does not have";
                return Err(ShaderError::Unsupported { what, at: at() });
            }
        };
        for (limit, index, max) in [
            ("maxBindGroups", slot.group, limits.max_bind_groups),
            ("maxBindingsPerBindGroup", slot.binding, limits.max_bindings_per_bind_group),
        ] {
            Self::within(limit, u64::from(index).saturating_add(1), max.into(), &name, at)?;
        }
        let tail_stride_len = self.tail_stride(inner);
        let (group, binding) = (slot.group, slot.binding);
        Ok(Some(Binding { name, group, binding, kind, min_len, tail_stride_len }))
    }

    fn tail_stride(&self, inner: &TypeInner) -> Option<u32> {
        match inner {
            TypeInner::Array { size: ArraySize::Dynamic, stride, .. } => Some(*stride),
            TypeInner::Struct { members, .. } => {
                match self.module.types[members.last()?.ty].inner {
                    TypeInner::Array { size: ArraySize::Dynamic, stride, .. } => Some(stride),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}
