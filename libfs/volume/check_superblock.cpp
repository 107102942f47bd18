// SPDX-License-Identifier: MIT
#include "formats/btrfs/chunk.h"
#include "libfs/base/checksum.h"
#include "libfs/base/names.h"
#include "libfs/volume/superblock_copies.h"

#include <bit>

#include <fmt/format.h>

namespace btrkit {

namespace {

using btrfs::Superblock;

constexpr u32 min_sectorsize = 512;
constexpr u32 max_sectorsize = 65536;
/// Smaller sectors are a developer's switch in the kernel.
constexpr u32 usual_min_sectorsize = 4096;
/// The six trees that even an empty filesystem has.
constexpr u64 least_tree_blocks = 6;
constexpr u32 least_sys_chunk_array = sizeof(btrfs::DiskKey) + btrfs::chunk_item_size(1);

/// Takes findings about one superblock.
class SuperFindings {
public:
    SuperFindings(const std::string& device_name, u64 offset) : device_name_(device_name), offset_(offset) {}

    void add(ProblemCode code, std::string detail) {
        problems_.push_back({code, {.device = device_name_, .physical = offset_}, std::move(detail)});
    }
    void add_unless(bool sound, ProblemCode code, std::string_view field, u64 value) {
        if (!sound) {
            add(code, fmt::format("{} is {}", field, value));
        }
    }
    Problems release() { return std::move(problems_); }

private:
    const std::string& device_name_;
    u64 offset_;
    Problems problems_;
};

void check_identity(const Superblock& super, u64 offset, SuperFindings& findings) {
    if (const auto* csum = btrfs::find_csum_type(super.csum_type); csum == nullptr) {
        findings.add(ProblemCode::super_csum_type, fmt::format("csum_type is {}", u16{super.csum_type}));
    } else if (!checksum_matches(csum->type, as_bytes_of(super).subspan(sizeof(super.csum)), super.csum)) {
        findings.add(ProblemCode::super_checksum, {});
    }
    findings.add_unless(super.bytenr == offset, ProblemCode::super_bytenr, "bytenr", super.bytenr);
}

constexpr bool is_possible_sectorsize(u32 size) {
    return std::has_single_bit(size) && size >= min_sectorsize && size <= max_sectorsize;
}

void check_sizes(const Superblock& super, SuperFindings& findings) {
    const u32 sectorsize = super.sectorsize;
    const u32 nodesize = super.nodesize;
    const bool sector_possible = is_possible_sectorsize(sectorsize);
    const bool node_possible = nodesize >= btrfs::min_nodesize && nodesize <= btrfs::max_nodesize &&
                               (!sector_possible || is_aligned(nodesize, sectorsize));
    findings.add_unless(sector_possible, ProblemCode::super_field, "sectorsize", sectorsize);
    findings.add_unless(node_possible, ProblemCode::super_field, "nodesize", nodesize);
    if (sector_possible) {
        findings.add_unless(sectorsize >= usual_min_sectorsize, ProblemCode::super_value, "sectorsize", sectorsize);
    }
    if (node_possible) {
        findings.add_unless(std::has_single_bit(nodesize), ProblemCode::super_value, "nodesize", nodesize);
    }
    findings.add_unless(super.leafsize == nodesize, ProblemCode::super_value, "leafsize", super.leafsize);
    // mkfs writes the sectorsize, and has written 4096; kernels ask for no more than this.
    findings.add_unless(std::has_single_bit(u32{super.stripesize}), ProblemCode::super_value, "stripesize",
                        super.stripesize);
    findings.add_unless(super.total_bytes != 0, ProblemCode::super_value, "total_bytes", super.total_bytes);
    findings.add_unless(super.bytes_used >= least_tree_blocks * nodesize, ProblemCode::super_value, "bytes_used",
                        super.bytes_used);
    const u32 array_size = super.sys_chunk_array_size;
    findings.add_unless(array_size >= least_sys_chunk_array && array_size <= super.sys_chunk_array.size(),
                        ProblemCode::super_field, "sys_chunk_array_size", array_size);
}

void check_roots(const Superblock& super, SuperFindings& findings) {
    // Sectors of impossible size are reported elsewhere.
    const u64 alignment = is_possible_sectorsize(super.sectorsize) ? u32{super.sectorsize} : 1;
    const auto check_root = [&](ProblemCode code, std::string_view name, u64 root, u8 level) {
        findings.add_unless(is_aligned(root, alignment), code, name, root);
        findings.add_unless(level < btrfs::max_level_count, code, fmt::format("{}_level", name), level);
    };
    check_root(ProblemCode::super_field, "root", super.root, super.root_level);
    check_root(ProblemCode::super_field, "chunk_root", super.chunk_root, super.chunk_root_level);
    check_root(ProblemCode::super_value, "log_root", super.log_root, super.log_root_level);
    findings.add_unless(super.root != 0, ProblemCode::super_field, "root", super.root);
    findings.add_unless(super.chunk_root != 0, ProblemCode::super_field, "chunk_root", super.chunk_root);
}

void check_device(const Superblock& super, SuperFindings& findings) {
    findings.add_unless(super.num_devices != 0, ProblemCode::super_value, "num_devices", super.num_devices);
    if (super.dev_item.fsid != super.tree_fsid()) {
        findings.add(ProblemCode::super_value,
                     fmt::format("dev_item.fsid is {}, but tree blocks carry {}", uuid_text(super.dev_item.fsid),
                                 uuid_text(super.tree_fsid())));
    }
}

void check_features(const Superblock& super, SuperFindings& findings) {
    const u64 incompat = super.incompat_flags & ~btrfs::known_flags(btrfs::incompat_flag_names);
    const u64 compat_ro = super.compat_ro_flags & ~btrfs::known_flags(btrfs::compat_ro_flag_names);
    if (incompat != 0) {
        findings.add(ProblemCode::super_unknown_incompat, fmt::format("{:#x}", incompat));
    }
    if (compat_ro != 0) {
        findings.add(ProblemCode::super_unknown_compat_ro, fmt::format("{:#x}", compat_ro));
    }
    if ((super.flags & btrfs::super_flags_changing) != 0) {
        TextBuffer names;
        put_flags(names, super.flags & btrfs::super_flags_changing, btrfs::super_flag_names);
        findings.add(ProblemCode::super_unfinished_change, std::string(names.view()));
    }
}

} // namespace

Problems check_superblock(const Superblock& super, u64 offset, const std::string& device_name) {
    SuperFindings findings(device_name, offset);
    if (super.magic != btrfs::superblock_magic) {
        findings.add(ProblemCode::super_magic, fmt::format("{:#018x}", u64{super.magic}));
        return findings.release();
    }
    check_identity(super, offset, findings);
    check_sizes(super, findings);
    check_roots(super, findings);
    check_device(super, findings);
    check_features(super, findings);
    return findings.release();
}

Geometry geometry_of(const Superblock& super) {
    const auto* csum = btrfs::find_csum_type(super.csum_type);
    Geometry geometry;
    geometry.nodesize = super.nodesize;
    geometry.sectorsize = super.sectorsize;
    geometry.csum_type = csum->type;
    geometry.csum_size_bytes = csum->size_bytes;
    geometry.tree_fsid = super.tree_fsid();
    geometry.generation = super.generation;
    geometry.incompat_flags = super.incompat_flags;
    geometry.compat_ro_flags = super.compat_ro_flags;
    geometry.super_flags = super.flags;
    geometry.global_root_count = super.has_incompat(btrfs::incompat_extent_tree_v2) ? u64{super.nr_global_roots} : 0;
    return geometry;
}

} // namespace btrkit
