// SPDX-License-Identifier: MIT
#include "libfs/ops/edit_files/mode_change.h"

#include "libfs/base/names.h"

#include <charconv>
#include <ranges>

#include <fmt/format.h>
#include <sys/stat.h>

namespace btrkit::edit_files {

namespace {

constexpr u32 all_permissions = 07777;

std::unexpected<Error> no_mode(std::string_view text) {
    return fail(ErrorKind::usage, fmt::format("'{}' is no mode, such as 644 or u+x,go-w", printable(text)));
}

/// The bits that belong to a letter of "ugoa".
u32 bits_of_class(char letter) {
    switch (letter) {
    case 'u': return S_ISUID | S_IRWXU;
    case 'g': return S_ISGID | S_IRWXG;
    case 'o': return S_ISVTX | S_IRWXO;
    case 'a': return all_permissions;
    default: return 0;
    }
}

/// The bits that a letter of "rwxst" has in all classes.
u32 bits_of_permission(char letter) {
    switch (letter) {
    case 'r': return S_IRUSR | S_IRGRP | S_IROTH;
    case 'w': return S_IWUSR | S_IWGRP | S_IWOTH;
    case 'x': return S_IXUSR | S_IXGRP | S_IXOTH;
    case 's': return S_ISUID | S_ISGID;
    case 't': return S_ISVTX;
    default: return 0;
    }
}

} // namespace

Result<void> ModeChange::parse_clause(std::string_view clause, std::vector<Clause>& clauses) {
    const auto operators_at = clause.find_first_of("+-=");
    if (operators_at == std::string_view::npos) {
        return no_mode(clause);
    }
    u32 who = 0;
    for (const char letter : clause.substr(0, operators_at)) {
        if (bits_of_class(letter) == 0) {
            return no_mode(clause);
        }
        who |= bits_of_class(letter);
    }
    for (const char letter : clause.substr(operators_at)) {
        if (letter == '+' || letter == '-' || letter == '=') {
            clauses.push_back({.who = who == 0 ? all_permissions : who, .operation = letter});
        } else if (letter == 'X') {
            clauses.back().only_if_executable = true;
        } else if (letter == 'u' || letter == 'g' || letter == 'o') {
            clauses.back().copied = letter;
        } else if (bits_of_permission(letter) != 0) {
            clauses.back().permissions |= bits_of_permission(letter);
            clauses.back().named = clauses.back().permissions & clauses.back().who;
        } else {
            return no_mode(clause);
        }
    }
    return {};
}

Result<ModeChange> ModeChange::parse(std::string_view text) {
    ModeChange change;
    u32 number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number, 8);
    if (status == std::errc() && end == text.data() + text.size() && number <= all_permissions) {
        const u32 named = text.size() < 5 ? number : all_permissions;
        change.clauses_.push_back({.who = all_permissions, .operation = '=', .permissions = number, .named = named});
        return change;
    }
    for (const auto part : std::views::split(text, ',')) {
        BTRKIT_TRY(parse_clause(std::string_view(part.begin(), part.end()), change.clauses_));
    }
    return change.clauses_.empty() ? no_mode(text) : Result<ModeChange>(change);
}

/// What the clause is to set or clear of that mode.
u32 ModeChange::permissions_of(const Clause& clause, u32 mode) {
    u32 permissions = clause.permissions;
    for (const char letter : {'r', 'w', 'x'}) {
        const u32 of_all = bits_of_permission(letter);
        if (clause.copied != 0 && (mode & of_all & bits_of_class(clause.copied)) != 0) {
            permissions |= of_all;
        }
    }
    if (clause.only_if_executable && (S_ISDIR(mode) || (mode & bits_of_permission('x')) != 0)) {
        permissions |= bits_of_permission('x');
    }
    return permissions & clause.who;
}

u32 ModeChange::apply(u32 mode) const {
    for (const auto& clause : clauses_) {
        const u32 kept = S_ISDIR(mode) ? (S_ISUID | S_ISGID) & ~clause.named : 0;
        const u32 permissions = permissions_of(clause, mode) & ~kept;
        switch (clause.operation) {
        case '+': mode |= permissions; break;
        case '-': mode &= ~permissions; break;
        default: mode = (mode & ~(clause.who & ~kept)) | permissions; break;
        }
    }
    return mode & all_permissions;
}

} // namespace btrkit::edit_files
