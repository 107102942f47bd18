// SPDX-License-Identifier: MIT
// A tar archive, in the POSIX format (pax): names of any bytes, sizes and times of any precision, extended attributes
// (SCHILY.xattr), ACLs, holes (GNU.sparse 1.0), further names of files as links.
//
// What stands in an archive can't be taken back. So a file that comes in pieces, and turns out to be damaged when it
// has begun, is not left out: it is whole in length, with zeros for what is bad.
#pragma once

#include "libfs/base/output_sink.h"
#include "libfs/ops/extract/target.h"

namespace btrkit::extract {

/// sink outlives it. Fails with io.
Result<std::unique_ptr<Target>> open_tar_target(OutputSink& sink);

} // namespace btrkit::extract
