// SPDX-License-Identifier: MIT
// The working side of a scan: leaves are read, proven, checked, and shown to the handler. Several threads.
#pragma once

#include "libfs/survey/scan/scan_job.h"

namespace btrkit::survey {

/// All leaves of the job: read, and worked at one by one.
void work_at_job(const ScanTask& scan, ScanJob& job);

/// One leaf that was read into buffer. Where it was not proven the step becomes a lost one, and there is no result.
/// Where its items are impossible but those of another copy are not, buffer and read become that copy.
std::unique_ptr<LeafResult> work_leaf(const ScanTask& scan, ScanStep& step, ReadBlock& read, MutableBytes buffer);

} // namespace btrkit::survey
