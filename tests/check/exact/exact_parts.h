// SPDX-License-Identifier: MIT
// The two halves of the plain checker.
#pragma once

#include "tests/check/exact/exact_check.h"
#include "tests/check/exact/exact_image.h"

namespace btrkit::test {

/// Extents: what trees refer to against what the extent tree records.
void check_extents_exactly(const ExactImage& image, ExactFindings& findings);
/// Inodes, names, orphans, checksums of data.
void check_files_exactly(const ExactImage& image, ExactFindings& findings);

} // namespace btrkit::test
