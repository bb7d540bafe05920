"""The written answer holds formulas that are deep, long or define themselves.

covers: rich outputs
"""

# %% answer
# $\def\a{\a\a}\a$ and $$\newcommand{\x}{\x\x}\x$$
# $\href{javascript:alert(1)}{x}$ $\frac{1}{\frac{1}{\frac{1}{\frac{1}{x}}}}$
# $\begin{matrix} \begin{matrix} \begin{matrix} a \end{matrix} \end{matrix} \end{matrix}$ $\left( \right. \sqrt[$ $}{$
