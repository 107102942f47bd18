// SPDX-License-Identifier: MIT
// How severity and repair are called in JSON and in docs/findings.md.
#pragma once

#include "libfs/base/problem_catalogue.h"

namespace btrkit {

constexpr std::string_view severity_word(Severity severity) {
    switch (severity) {
    case Severity::note: return "note";
    case Severity::error: return "error";
    case Severity::fatal: break;
    }
    return "fatal";
}

constexpr std::string_view repair_word(Repair repair) {
    switch (repair) {
    case Repair::none: return "none";
    case Repair::lossy: return "lossy";
    case Repair::lossless: break;
    }
    return "lossless";
}

} // namespace btrkit
