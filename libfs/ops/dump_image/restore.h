// SPDX-License-Identifier: MIT
// From a dump back to devices: what it has in its places, and holes everywhere else. Nothing of what it holds is
// believed but where it goes, and that is within the devices.
#pragma once

#include "libfs/base/run_context.h"
#include "libfs/io/writable_device.h"
#include "libfs/ops/dump_image/dump_reader.h"

#include <optional>

namespace btrkit::dump_image {

struct RestoreOptions {
    std::optional<u64> most_bytes; ///< to be written; nothing: a multiple of what was read of the dump
};

struct RestoreReport {
    u64 record_count = 0; ///< places that were written
    u64 placed_bytes = 0;
};

/// What the default limit allows beside the multiple.
inline constexpr u64 always_allowed_bytes = u64{1} << 30;
inline constexpr u64 allowed_multiple = 256;

/// devices: those of the dump in its order, each as large as it says, all zero. All is flushed at the end. Fails with
/// io, damaged, refused (the limit), or cancelled; what is on the devices then is of no use.
Result<RestoreReport> restore(DumpReader& dump, std::span<WritableDevice* const> devices, const RestoreOptions& options,
                              const RunContext& context);

} // namespace btrkit::dump_image
